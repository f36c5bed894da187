"""Why something is not redeemed, decided or offered: each refusal with its facts and a sentence, by subject."""
