/** How long one phase of a request may take in the plugin before it is ended with a refusal. A healthy one takes under 1 ms. */
export const phaseTimeoutMs = 1000;

/**
 * How long Kong waits for each word of the plugin server; a minute if it is not told. Longer than a phase may take, so
 * that a refusal in the client's own dialect comes first, and longer than the event loop of a healthy process stands
 * still over one large body; short enough that the client of a frozen one has its 503 within two seconds.
 */
export const pluginReadTimeoutMs = 1500;
