/** The engine as a bundler hands it over: a URL, a module or bytes, depending on its settings. */
declare const core: unknown;
export default core;
