"""The dashboard: pages for merchants, rendered on the server, with all data from documents over the public schema.

How to add a page
-----------------
1. ``documents/<area>/<name>.graphql``: one operation, with a comment above it that says what it is for. Other frontends
   read it as an example. A unit test validates it against the schema. What the schema lacks is added to the schema.
2. ``pages/<area>.py``: ``router = area_router()`` and routes below ``/dashboard``. The module is found by itself. Write
   ids as ``{store_id:uuid}``, so that ``/stores/new`` and ``/stores/<id>`` stay apart::

       @router.get("/dashboard/stores/{store_id:uuid}/products")
       async def products(visit: Visitor, store_id: UUID, after: str | None = None) -> Response:
           store = await visit.store(store_id)            # 404 page if unknown; navigation and time zone of the store
           found = await visit.run("products/list", {"id": store["id"], "after": after})
           return visit.page("products/list.html", products=found["store"]["products"])

       @router.post("/dashboard/stores/{store_id:uuid}/products/{id:uuid}")
       @sends("products/edit")
       async def edit(visit: Visitor, store_id: UUID, id: UUID) -> Response:
           await visit.store(store_id)
           change = await visit.change("products/edit", {"productId": str(id), "title": visit.form["title"]})
           if change.errors:                              # shown beside the fields; what was typed stays
               return visit.page("products/edit.html", status=422, errors=change.errors, product=...)
           return visit.redirect(f"/dashboard/stores/{store_id}/products", notice="Product saved.")

   ``Visitor`` sends visitors without a session to the log-in page; ``Guest`` is for pages without log-in.
   ``visit.run`` raises a ``Problem`` that the shell shows as a page. ``visit.change`` runs a document with one mutation and
   the variable ``$input``; it adds a ``commandId`` from the form, so that a double click changes things once, and the next
   page waits until it can show the change. Ask for ``consistencyToken`` and ``userErrors { code message field }``.
   What two people may edit has a ``revision``: ``visit.revision = found["revision"]`` puts it into the page's forms, and
   ``visit.change`` sends it. A refused form shows what somebody else saved. ``forms.field(..., tracked=true)`` also sends the
   value that the field began with (``was.NAME``), so that only what was changed is sent.
   ``@sends("products/edit")`` below the route of a store's form names its mutations. Visitors whose role may send none of
   them see the form switched off (``roles.py``); templates ask for no role. ``@opens`` does the same for links to a page.
   Around a section whose data may fail on its own, write ``{% call part("The sales") %}…{% endcall %}``: an error in its
   fields leaves the rest of the page (``parts.py``). What Python makes of such fields is ``unless_failed(lambda: …)``, and a
   second document of a page runs by ``visit.part``.
   ``visit.leave_for(url, name="Stripe")`` leads to other companies. ``visit.is_partial`` is true for htmx.
3. ``templates/<area>/<name>.html``: ``{% extends "layout.html" %}`` with the blocks ``title`` and ``content``, and
   ``lead`` and ``actions`` for the line of the heading. Import macros by ``{% import "macros/forms.html" as forms with
   context %}``; likewise ``tables``, ``states`` and ``values``. Forms are plain: they post, the page redirects (303), and
   they work without JavaScript. Each has ``{{ forms.csrf() }}``; without it the shell rejects the form.
   A page that can show the past reads by ``past_of(visit).run(visit, …)`` from a document with ``$asOf``, and renders with
   ``past=past``: the shell adds the choice of a time and the banner, and switches the store's forms off. Links to pages of
   the same store end in ``{{ visit.travel }}``. Other pages of a store have ``@present_only("why")``.
4. ``navigation.py`` has an entry for every planned page. It shows once a route with its path exists.

Rules
-----
No inline script and no ``style`` attribute: the Content-Security-Policy refuses both. Classes are in ``static/dashboard.css``;
an area may have ``static/<area>.css`` and link it in the block ``head``. Amounts and times are formatted on the server by the
filters ``money``, ``number``, ``percent``, ``moment``, ``day``, ``ago`` and ``words``. htmx only improves: ``hx-get`` on a
link or form that works without it. Nothing here imports read models, commands or the domain; a contract in
``pyproject.toml`` holds that.

Tests: ``tests/support/platforms/dashboard.py`` has ``a_dashboard`` (a logged-in client over real HTTP), and
``tests/support/browser.py`` has a browser with axe and screenshots.
"""
