"""How good is it on patients it has not seen? `evaluate.py --input DIR --model DIR --output FILE.json`"""

import argparse
import json
from pathlib import Path

import joblib
import pandas as pd
from features import FEATURES, TARGET, split
from sklearn.metrics import r2_score, root_mean_squared_error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    _, patients = split(pd.read_csv(args.input / "patients.csv"))
    model = joblib.load(args.model / "model.joblib")
    predicted = model.predict(patients[FEATURES])
    metrics = {
        "r2": r2_score(patients[TARGET], predicted),
        "rmse": root_mean_squared_error(patients[TARGET], predicted),
        "patients": len(patients),
    }
    args.output.write_text(json.dumps(metrics))
    # What scores of new patients are compared with, to see whether they drift.
    pd.DataFrame({"prediction": predicted}).to_csv(args.output.parent / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
