// How much work one run does, where rivals in several files must do the same.

/** Steps of a loop that does one thing after the other. */
export const MANY = 20_000;
/** Tasks that are alive at the same time. */
export const BATCH = 1000;
/** How many such batches one run does. */
export const BATCHES = 20;
/** The same, where a rival is so slow that more would take too long. */
export const FEW_BATCHES = 4;
/** How often each task of a batch yields. */
export const YIELDS = 20;
