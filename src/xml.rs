//! XML within limits: no DTD, no entities of its own, bounded. Alone owns quick-xml.
