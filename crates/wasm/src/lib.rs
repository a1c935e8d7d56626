//! Doors for JavaScript.
