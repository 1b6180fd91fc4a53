//! Laws of the decoder, over every shape of input.
