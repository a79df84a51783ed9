/** Chance, so that tests can own it. */
export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  /** A fresh id that nobody can guess. */
  id(): string;
}
