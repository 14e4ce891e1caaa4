"""A store: its niche, brand, pages, addresses, people and life cycle.

    aggregate, events, errors    request, review, publication and end; ``generated`` has what agents decide
    niche, trademarks, refusals  which niches are accepted
    brand, brand_edit, pages, page_writing, collections, presentation, texts    what it shows
    publication, law, legal_text, return_policy, taxes    what it must have before it sells
    domains, domain_connection, slugs, labels    its addresses
    team, membership             who works in it
    settings, revision, visits   what else a merchant sets and sees
    ports                        writers, measurement, registries

Every module may be imported directly.
"""
