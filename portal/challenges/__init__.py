"""Challenges: what advocates are asked to do, how they answer in stages, and how each answer is judged and paid."""
