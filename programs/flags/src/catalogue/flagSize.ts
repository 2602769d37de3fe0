/*
 * The sizes of `svg-country-flags`; it has no others, and scaling is not our business.
 */
/** The widths, in pixels, in which every flag is at hand. */
export const flagSizes = [100, 250, 1000] as const;

export type FlagSize = (typeof flagSizes)[number];
