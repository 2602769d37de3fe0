/*
 * How transactions are begun, and what differs about them between the databases.
 */

/** The statements around a transaction. @internal */
export interface TransactionWords {
  /** In order; options are checked already. */
  begin(options: BeginOptions): readonly string[];
  /** True when many rows are inserted by more than one statement. */
  readonly bulkInParts: boolean;
  /** True when an error of this kind leaves nothing of the transaction but its end. */
  readonly deadlockEndsAll: boolean;
}

/** How a transaction sees others' changes. */
export type IsolationLevel =
  | "read uncommitted"
  | "read committed"
  | "repeatable read"
  | "serializable";

/** @internal */
export interface BeginOptions {
  readonly isolation: IsolationLevel | null;
  readonly readOnly: boolean;
}
