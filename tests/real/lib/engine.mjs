/** The npm package as `cargo xtask npm` built it. */
export * from "../../../crates/wasm/npm/dist/index.js";
