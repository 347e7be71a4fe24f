/** How much of a user's archive is read at most. They protect the machine: what a person trains on is far below them. */
export const ENTRIES_MAX = 1000;
export const ENTRY_BYTES_MAX = 100_000_000;
export const TOTAL_BYTES_MAX = 2_000_000_000;
/** Unpacked size over packed size, of one entry and of all together. Photos are near 1, text near 5. */
export const RATIO_MAX = 100;
/** Below this a ratio says nothing: a small file may well be one colour. */
export const RATIO_FREE_BYTES = 1_000_000;
export const CAPTION_BYTES_MAX = 100_000;
export const CAPTION_TABLE_BYTES_MAX = 10_000_000;
export const DATASET_BYTES_MAX = 20_000_000;
export const SIDE_PIXELS_MIN = 16;
