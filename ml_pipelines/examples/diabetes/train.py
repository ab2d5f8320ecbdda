"""Predict how far diabetes has progressed after a year. `train.py --input DIR --output DIR [--alpha 0.1]`"""

import argparse
from pathlib import Path

import joblib
import pandas as pd
from features import FEATURES, TARGET, split
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--alpha", type=float, default=1.0)
    args = parser.parse_args()

    patients, _ = split(pd.read_csv(args.input / "patients.csv"))
    model = make_pipeline(StandardScaler(), Ridge(alpha=args.alpha))
    model.fit(patients[FEATURES], patients[TARGET])
    joblib.dump(model, args.output / "model.joblib")
    print(f"trained on {len(patients)} patients, alpha {args.alpha}")


if __name__ == "__main__":
    main()
