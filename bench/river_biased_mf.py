"""One pass of river's BiasedMF over a stream of ratings: predict, then learn.

Reads "user,film,stars" line by line, in the order of learning. Settings are those of the example in river's documentation.
Prints one line of JSON: CPU seconds of the loop alone, and the predictions' error, clipped to the scale of stars.
"""

import json
import sys
import time

from river import optim, reco

LOWEST, HIGHEST = 0.5, 5.0

users, films, stars = [], [], []
for line in sys.stdin:
    user, film, star = line.split(",")
    users.append(int(user))
    films.append(int(film))
    stars.append(float(star))

model = reco.BiasedMF(
    n_factors=10,
    bias_optimizer=optim.SGD(0.025),
    latent_optimizer=optim.SGD(0.05),
    weight_initializer=optim.initializers.Zeros(),
    latent_initializer=optim.initializers.Normal(mu=0.0, sigma=0.1, seed=73),
    l2_bias=0.0,
    l2_latent=0.0,
)
predict, learn = model.predict_one, model.learn_one
predicted = [0.0] * len(stars)

started = time.process_time()
for n, star in enumerate(stars):
    predicted[n] = predict(users[n], films[n])
    learn(users[n], films[n], star)
cpu_seconds = time.process_time() - started

squares = [(min(HIGHEST, max(LOWEST, p)) - s) ** 2 for p, s in zip(predicted, stars)]


def rmse(of):
    return (sum(of) / len(of)) ** 0.5


print(json.dumps({
    "cpuSeconds": cpu_seconds,
    "rmse": rmse(squares),
    "rmseLast20": rmse(squares[int(len(squares) * 0.8):]),
}))
