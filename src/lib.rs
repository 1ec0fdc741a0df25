//! cardhost
