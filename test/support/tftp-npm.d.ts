/** The part of npm's `tftp` that tests use as a client; it has no types of its own. */
declare module 'tftp' {
  interface Client {
    get(remote: string, local: string, done: (error: Error | null | undefined) => void): void;
  }
  const tftp: {
    createClient(options: { host: string; port: number; windowSize?: number; blockSize?: number }): Client;
  };
  export default tftp;
}
