// What the server puts before the worker's text.

/** Changes with any of the files. */
declare const VERSION: string;
/** The paths of the files. */
declare const FILES: string[];
/** Which of them is the page behind a venue's code. */
declare const VENUE_PAGE: string;
