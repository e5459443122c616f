// The constants that the gateway puts before the worker's text.

/** A hash of all files. */
declare const VERSION: string;
/** The paths to cache. */
declare const FILES: string[];
/** The path in `FILES` that stands for every `/v/CODE`. */
declare const VENUE_PAGE: string;
