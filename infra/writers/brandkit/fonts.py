"""Font pairs that storefronts serve themselves (OFL-1.1 through Fontsource), by the name of their heading."""

from domain.store.brand import FontPair

PAIRS: dict[str, FontPair] = {
    pair.heading: pair
    for pair in (
        FontPair(heading="Playfair Display", body="Source Sans 3"),
        FontPair(heading="Montserrat", body="Merriweather"),
        FontPair(heading="Oswald", body="Open Sans"),
        FontPair(heading="Raleway", body="Lato"),
        FontPair(heading="Poppins", body="Inter"),
        FontPair(heading="DM Serif Display", body="DM Sans"),
        FontPair(heading="Space Grotesk", body="Inter"),
        FontPair(heading="Orbitron", body="Rajdhani"),
        FontPair(heading="Lora", body="Nunito Sans"),
        FontPair(heading="Fraunces", body="Work Sans"),
        FontPair(heading="Bebas Neue", body="Montserrat"),
        FontPair(heading="Syne", body="Manrope"),
        FontPair(heading="Merriweather", body="Open Sans"),
        FontPair(heading="Manrope", body="Source Sans 3"),
        FontPair(heading="DM Sans", body="Lora"),
    )
}
