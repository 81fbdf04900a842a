/** The type of the name lists that `assertKnown` compares an options object with. */

/**
 * Every name of an options object. A list that forgets one does not compile. An exported function checks its own
 * options. It passes the functions that it calls only the names that they know.
 */
export type Names<Options> = Readonly<Record<keyof Options, true>>
