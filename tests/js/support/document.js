/** Page scripts read their dictionary from the document when they are loaded; outside a browser there is none. */

/** @type {any} */ (globalThis).document = { getElementById: () => null, documentElement: { lang: "vi" } };
