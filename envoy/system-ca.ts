import { existsSync } from 'node:fs';

/** Where systems keep the authorities that they trust, as one PEM file. Envoy has no default of its own. */
const places = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // macOS, FreeBSD
] as const;

/** The file with this machine's authorities: `SSL_CERT_FILE`, else the first that is there, else Debian's. */
export const findSystemCaFile = (env: NodeJS.ProcessEnv): string =>
  env.SSL_CERT_FILE || (places.find((path) => existsSync(path)) ?? places[0]);
