// The part of pg 8 that the store uses; the package has no types of its own.
declare module 'pg' {
  export interface QueryResult {
    readonly command: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE';
    readonly rowCount: number;
    readonly rows: unknown[];
  }
  export interface PoolClient {
    query(sql: string, values: readonly unknown[]): Promise<QueryResult>;
    release(destroy?: boolean): void;
    on(event: 'error', listener: (error: Error) => void): this;
  }
  export interface PoolConfig {
    readonly connectionString: string;
    readonly ssl: import('./postgres-settings.ts').TlsOptions | false;
    readonly max: number;
    readonly connectionTimeoutMillis: number;
    readonly idleTimeoutMillis: number;
    readonly statement_timeout: number;
    readonly lock_timeout: number;
    readonly idle_in_transaction_session_timeout: number;
    readonly query_timeout: number;
    readonly keepAlive: boolean;
    readonly application_name: string;
    readonly options: string;
    readonly types: { getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown };
  }
  export class Pool {
    constructor(config: PoolConfig);
    readonly options: object;
    connect(): Promise<PoolClient>;
    query(
      statement:
        | string
        | { readonly name: string; readonly text: string; readonly values: readonly unknown[] },
    ): Promise<QueryResult>;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'connect', listener: (client: PoolClient) => void): this;
    end(): Promise<void>;
  }
  export class Client {
    constructor(config: { readonly connectionString: string });
    connect(): Promise<void>;
    query(sql: string, values?: readonly unknown[]): Promise<QueryResult>;
    on(event: 'error', listener: (error: Error) => void): this;
    end(): Promise<void>;
  }
  export const types: { getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown };
}
