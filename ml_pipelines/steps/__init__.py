"""What runs on the compute: shipped there as it is, as the package `abs_steps` in the user's own folder.

In go the arguments of parameters.py; out comes one file in the lake, or a registered model.

    batch      stage ─► score ─► publish
        stage     which window, which model version, which input: writes the plan, and *work items* that each
                  name some input (copies none), and the receipt `started`
        score     the ParallelRunStep: score_entry.py reads each item's share straight from the lake, calls
                  the user's score.py, and leaves one part an item in the lake's staging folder
        publish   accounts for every row (quarantine.py), writes one file, checks it (audit.py), lands it by
                  one conditional rename (commit.py), then derives the manifest and finishes the receipt
    training   prepare ─► train ─► evaluate ─► register
        each runs the user's script of that name, if there is one. prepare starts the run's receipt, chooses
        the champion (champion.py) and checks the data (training_table.py, training_data.py); evaluate judges
        both models; register decides (gate.py), writes the report (gate_report.py, plots.py), registers the
        version with its decision and finishes the receipt. Whichever fails says why in it

The formats (paths, receipt, manifest, templates) are in landing.py, pure; work.py cuts work items, pure;
tables.py, csv_tables.py (numbers: csv_numbers.py) and results.py turn input into what run() takes and what
run() gives into rows, pure; so are bad_rows.py, duplicates.py and origins.py, which find rows that do not
land and where they stand, and the checks in column_checks.py, drift.py and sql_checks.py (what they found:
check_results.py). lake.py alone speaks to the lake, models.py and ml_run.py to Azure ML, and both import
Azure inside functions. absent.py hides what other packages would import for nothing.

Nothing here imports the rest of the repository. `windows.py` lies beside these files only once they are
shipped (it is adf/windows.py): stage.py imports it when it runs.

Known drawback: parts pass through the lake twice (written by score, read by publish). In exchange no mount is
needed, a retried mini-batch replaces exactly its own part, and nothing rests on how a driver merges output.
"""
