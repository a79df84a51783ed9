/**
 * CPU time of the quicker of two runs, in milliseconds: what a busy machine leaves alone. For tests that something grows
 * no faster than its input, not for benchmarks.
 */
export const cpuMs = (run: () => unknown): number => Math.min(once(run), once(run));

const once = (run: () => unknown): number => {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
