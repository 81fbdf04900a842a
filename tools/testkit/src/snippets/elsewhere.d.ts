/** Packages that examples import and that are not installed here. What they export is not checked. */
declare module 'undici'
