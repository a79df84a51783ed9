/** One HTTP call of a client, and what came back: all that a scenario may judge. */
export interface ClientCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  /** The connection broke before the answer's framing said that it was over. */
  readonly broken: boolean;
}

/** A place where the core runs: in process, behind a real Envoy, behind a real Kong. */
export interface Host {
  readonly name: string;
  call(call: ClientCall): Promise<ClientAnswer>;
  stop(): Promise<void>;
}
