/*
 * The 20 most populous countries, most populous first (United Nations, World Population
 * Prospects 2024). They are what is downloaded when nothing else is asked for.
 */
/** Country codes, not sorted. */
export const mostPopulous: readonly string[] =
  "IN CN US ID PK NG BR BD RU ET MX JP EG PH CD VN IR TR DE TH".split(" ");
