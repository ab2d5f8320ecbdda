"""The portal: what the local Azure did, does and will do, as pages for people.

    a browser ─► routes.py: whose request is it? (access.py) ─► what is asked (a page's own file)
              ─► templates/, rendered by pages.py with headers that let nothing foreign in

    runs, timeline        the runs of a factory, newest first, a page at a time, on one time axis
    run, graph, ml_run    one run: its activities as a graph and one by one; the ML run's steps and logs
    triggers, fires       what fired, and what will fire when
    models, deployed, windows, heat_map    a model's windows on a calendar: landed, late, missing, failed
    lake, preview         files, and their first rows
    look, words           what pages are made of: the services, the factory looked at, values as texts

Pages are made here and work without a script; `static/portal.js` fetches the page anew while it is looked
at and puts in what changed. Nothing comes from elsewhere.

Laws: what is stored is shown, never interpreted: every text is escaped, by the template engine, everywhere.
A GET changes nothing. A POST comes from a page of ours (its Origin, and a token bound to the session). Who
has no session learns nothing but how to get one. A page costs what it shows, not what is stored.

It may look into the services of this process and the state folder, and start what a button says through
the services' own functions; it imports nothing of the product but Data Factory's time. What a model is
expected to do is read from what was deployed and landed: pipelines, the published graph, triggers, runs
and manifests.

Known drawbacks: a cookie knows no port, so a session is as safe as the other HTTPS servers of this machine
that the user's browser trusts.
"""
