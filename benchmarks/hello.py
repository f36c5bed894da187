"""A bare Flask page: what every figure is a ratio to."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello"
