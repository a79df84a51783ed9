import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that a process has used, all its threads together, in milliseconds: the kernel's own count in nanoseconds
 * (Linux, /proc/PID/task/TID/schedstat), far finer than the ticks of 10 ms in /proc/PID/stat.
 */
export const cpuMs = (pid: number): number => {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((tid) => readFileSync(`${tasks}/${tid}/schedstat`, 'latin1'));
  return nanoseconds.reduce((total, text) => total + Number(text.split(' ', 1)[0]), 0) / 1e6;
};
