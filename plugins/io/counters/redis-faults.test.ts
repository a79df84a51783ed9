import { expect, test } from 'vitest';
import { redisFault } from './redis-faults.ts';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

test.each([
  ["READONLY You can't write against a read only replica.", 'readonly'],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'busy'],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 1a2b, on @user_script:48.", 'full'],
  [
    'ERR Error running script (call to f_1a2b): @user_script:48: -OOM command not allowed when used memory',
    'full',
  ],
  ['LOADING Redis is loading the dataset in memory', 'loading'],
  ['MISCONF Redis is configured to save RDB snapshots, but is unable to persist on disk.', 'disk'],
  ['MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.', 'no-primary'],
  ['NOREPLICAS Not enough good replicas to write.', 'no-replicas'],
  ['CLUSTERDOWN Hash slot not served', 'cluster-down'],
  ['MOVED 3999 127.0.0.1:6381', 'moved'],
  ['NOAUTH Authentication required.', 'denied'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'denied'],
  ["ERR unknown command 'EVALSHA', with args beginning with:", 'no-scripts'],
  ['ERR user_script:12: attempt to compare nil with number', 'error'],
  ['ERR the word OOM in a text', 'error'],
])('%s', (message, reason) => {
  expect(redisFault(reply(message))).toHaveProperty('reason', reason);
});

test('what is no reply is about the connection', () => {
  expect(redisFault(new Error('Connection is closed.'))).toHaveProperty('reason', 'unreachable');
  expect(redisFault('?')).toHaveProperty('reason', 'error');
});
