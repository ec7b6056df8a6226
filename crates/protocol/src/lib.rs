#![cfg_attr(not(feature = "parallel"), no_std)]
