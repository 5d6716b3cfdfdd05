// Where a database is, as the driver wants it. `host` is a folder when the server listens on a socket in it.

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}
