//! The person at the terminal: what is said, asked and handed out.
