//! Where tokens are kept between commands.
