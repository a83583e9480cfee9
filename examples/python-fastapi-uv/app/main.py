"""A small service that converts temperatures."""

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

ABSOLUTE_ZERO = -273.15

app = FastAPI(title="Temperatures")


class Temperature(BaseModel):
    celsius: float
    fahrenheit: float
    kelvin: float


@app.get("/")
async def index() -> dict[str, str]:
    return {"message": "hello from fastapi", "try": "/convert?celsius=21.5"}


@app.get("/convert")
async def convert(celsius: Annotated[float, Query(ge=ABSOLUTE_ZERO)]) -> Temperature:
    return Temperature(
        celsius=celsius,
        fahrenheit=round(celsius * 9 / 5 + 32, 2),
        kelvin=round(celsius - ABSOLUTE_ZERO, 2),
    )


@app.get("/healthz")
async def health() -> dict[str, str]:
    return {"status": "ok"}
