import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { loopback, portError } from './supervisor/ports.ts';
import type { WorkerState } from './supervisor/worker-pool.ts';

/** What the admin pages ask of those who do the work. */
export interface Fleet {
  /** Asks every worker for a sign of life. */
  probe(): Promise<readonly WorkerState[]>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Pages of one part of the gateway, with what they are for. */
export interface AdminPart {
  readonly app: Hono;
  readonly pages: Readonly<Record<string, string>>;
}

const pages = {
  '/metrics': 'counts of all workers, for Prometheus',
  '/healthz': '200 while this process lives',
  '/readyz': '200 when every worker answers, else 503; JSON',
} as const;

/**
 * The admin pages: state and numbers, never a secret, a prompt or an answer. Without a login they are for loopback
 * only, so a request that names another host is refused: a page in a browser must not reach them by DNS rebinding.
 */
export const adminApp = (fleet: Fleet, parts: readonly AdminPart[] = []): Hono => {
  const app = new Hono();
  app.use(onlyLoopbackNames);
  app.get('/', (context) => context.text(frontPage(parts)));
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    const workers = await fleet.probe();
    const ready = workers.length > 0 && workers.every(({ state }) => state === 'ready');
    return context.json({ ready, workers }, ready ? 200 : 503);
  });
  app.get('/metrics', async (context) =>
    context.body(await fleet.metrics(), 200, { 'content-type': prometheusText }),
  );
  for (const part of parts) app.route('/', part.app);
  app.notFound((context) =>
    problem(context, 404, 'There is nothing at this path. GET / lists what there is.'),
  );
  app.onError((_, context) => problem(context, 500, 'The page could not be made.'));
  return app;
};

/** Serves the pages on loopback; port 0 takes any that is free. Throws a `Failure`. */
export const startAdmin = (
  fleet: Fleet,
  { port, parts }: { readonly port: number; readonly parts?: readonly AdminPart[] },
): Promise<AdminServer> => {
  const server = createAdaptorServer({ fetch: adminApp(fleet, parts).fetch });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(portError(cause, { port, option: 'admin-port' })));
    server.listen(port, loopback, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
  });
};

const frontPage = (parts: readonly AdminPart[]): string =>
  [
    'Nexus admin',
    '',
    ...[pages, ...parts.map((part) => part.pages)]
      .flatMap((it) => Object.entries(it))
      .map(([path, meaning]) => `${path.padEnd(22)}${meaning}`),
    '',
  ].join('\n');

/** Prometheus' text format (its documentation, "Exposition formats", read 2026-11-24). */
const prometheusText = 'text/plain; version=0.0.4; charset=utf-8';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

const onlyLoopbackNames: MiddlewareHandler = async (context, next) => {
  const name = (context.req.header('host') ?? '').replace(/:\d+$/, '');
  if (loopbackNames.includes(name.toLowerCase())) return next();
  return problem(context, 421, `Ask for it as ${loopback} or localhost.`);
};

const titles = { 404: 'Not Found', 421: 'Misdirected Request', 500: 'Internal Server Error' } as const;

/** An error as RFC 9457 has it. */
const problem = (context: Context, status: keyof typeof titles, detail: string): Response =>
  context.body(JSON.stringify({ title: titles[status], status, detail }), status, {
    'content-type': 'application/problem+json',
  });
