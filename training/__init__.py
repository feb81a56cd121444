"""How the files in models/ came to be. Not part of the installed package."""
