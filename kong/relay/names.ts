/**
 * What Kong's configuration (`kong/render`) and the relay must call by the same name.
 */

/** Opens Kong's routes to providers; its value is the secret that only Kong's configuration and the relay know. */
export const egressHeader = 'x-nexus-egress';

/** On every answer of those routes: who made it, in Kong's words: `service` (the provider), `error` or `exit` (Kong). */
export const sourceHeader = 'x-nexus-source';

/** Where the path of a provider's route begins; Kong takes it off again. */
export const egressPrefix = (provider: string): string => `/nexus/${provider}`;

/** Path of the route on which the relay leaves records; no provider's begins like it. */
export const recordPath = '/nexus-record';

/** Memory that Kong's workers share, for those records. */
export const recordsDict = 'nexus_records';

/** Where Kong's packages and images keep their sockets; leftovers there are removed when Kong starts. */
export const defaultEgressSocket = '/usr/local/kong/sockets/nexus-egress.sock';

/** The variable of the environment that holds the secret. */
export const egressSecretVariable = 'NEXUS_KONG_EGRESS_SECRET';
