"""A small world to try a reward in: tools and requests, a teacher, and a language model made on the spot."""
