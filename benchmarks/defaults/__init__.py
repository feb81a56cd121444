"""Ten checks that decide whether the default config makes an avatar look alive."""
