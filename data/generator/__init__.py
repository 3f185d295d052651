"""Generator of the embedded demo: word problems, teacher traces and the base student."""
