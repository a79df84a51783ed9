import { runContract } from '../contract/run.ts';
import { startRelayHost } from './relay-host.ts';

runContract('through the relay', ({ configText, env }) => startRelayHost(configText, env));
