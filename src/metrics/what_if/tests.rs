//! What-ifs over small frames, by hand.
