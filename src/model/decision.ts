/** What the desk decided for a machine: for logs, the journal and `--explain`. */
export interface Decision {
  /**
   * `install`: it boots an installer, once. `local`: its own disk. `menu`: a person at its screen chooses. `waiting`:
   * it is known and cannot boot now. `unknown`: no profile names it.
   */
  readonly outcome: 'boot' | 'install' | 'local' | 'menu' | 'unknown' | 'waiting';
  readonly profile?: string;
  readonly node?: string;
  readonly version?: string;
  /**
   * Of a machine that waits because of its installation. `unfinished`: it is back before that reported. `stopped`: that
   * began as often as the settings allow, and an operator must say what next. `held`: another holds its claim, it looks
   * like another machine, or nothing can be known of it.
   */
  readonly installation?: 'held' | 'stopped' | 'unfinished';
  /** What an operator has to put right before the machine can boot: said at WARN in the log. */
  readonly warning?: string;
  /** A person's reason: `mac 52:54:00:55:1c:ee is node a-coreos of profiles/a-coreos.json`. */
  readonly because: string;
}
