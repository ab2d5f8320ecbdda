"""What the model sees of a patient; the same in training, evaluation and scoring."""

from sklearn.model_selection import train_test_split

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
TARGET = "progression"


def split(patients):
    """A quarter of the patients is kept from training, always the same ones."""
    return train_test_split(patients, test_size=0.25, random_state=42)
