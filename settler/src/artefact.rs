//! What is published of a sealed epoch: manifest and files (section 12).
