# The closed loop of peers.py around deSolve's lsoda: Rscript desolve.R FOLDER RTOL plain|compiled
# Reads patients.bin (n x 8) and errors.bin (n x 49) from FOLDER, writes concentration.bin (n x 577) and decided.bin (n x 48 x 4),
# and prints the CPU-seconds of the loop. The columns of patients.bin are those of Work in peers.py.
suppressPackageStartupMessages(library(deSolve))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]; rtol <- as.numeric(arguments[2]); mode <- arguments[3]
read <- function(name, width) {
  path <- file.path(folder, name)
  matrix(readBin(path, "double", file.size(path) / 8), ncol = width, byrow = TRUE)
}
patients <- read("patients.bin", 8); errors <- read("errors.bin", 49)
n <- nrow(patients)
concentration <- matrix(0, n, 577); decided <- array(0, c(n, 48, 4))

plain <- function(t, y, p) {
  c <- y[1] / p[2]
  binding <- p[5] * c * (p[4] - y[2])
  list(c(p[1] - binding - p[3] * c, binding - p[6] * y[2], c))
}
if (mode == "compiled") {
  writeLines(c(
    "static double p[6];",
    "void begin(void (*get)(int *, double *)) { int n = 6; get(&n, p); }",
    "void slope(int *n, double *t, double *y, double *dy, double *out, int *ip) {",
    "  double c = y[0] / p[1], binding = p[4] * c * (p[3] - y[1]);",
    "  dy[0] = p[0] - binding - p[2] * c; dy[1] = binding - p[5] * y[1]; dy[2] = c;",
    "}"), file.path(folder, "heparin.c"))
  system2("R", c("CMD", "SHLIB", file.path(folder, "heparin.c")), stdout = FALSE, stderr = FALSE)
  dyn.load(file.path(folder, paste0("heparin", .Platform$dynlib.ext)))
}

segment <- function(patient, y, rate, begin, end, i) {
  p <- c(rate, patient[1:5])
  times <- (begin * 12):(end * 12) / 12
  solution <- if (mode == "compiled") {
    lsoda(y, times, "slope", p, rtol = rtol, atol = rtol * 1e-3, dllname = "heparin", initfunc = "begin")
  } else {
    lsoda(y, times, plain, p, rtol = rtol, atol = rtol * 1e-3)
  }
  concentration[i, (begin * 12 + 2):(end * 12 + 1)] <<- solution[-1, 2] / patient[1]
  as.numeric(solution[nrow(solution), 2:4])
}

start <- proc.time()
for (i in seq_len(n)) {
  patient <- patients[i, ]; weight <- patient[6]
  rate <- floor(18 * weight / 10 + 0.5) * 10
  y <- c(floor(80 * weight / 100 + 0.5) * 100, 0, 0)
  now <- 0; draw <- 6; settled <- FALSE
  while (now < 48) {
    until <- min(draw + 1, 48)
    y <- segment(patient, y, rate, now, until, i)
    now <- until
    if (now == 48) break
    aptt <- patient[7] * exp(min(12, patient[8] * max(0, concentration[i, 12 * draw + 1]))) * exp(0.05 * errors[i, draw + 1])
    level <- if (aptt > 150) 1000 else floor(aptt + 0.5)
    bolus <- 0; hold <- 0; change <- 0
    if (level < 35) { bolus <- 80; change <- 4
    } else if (level < 46) { bolus <- 40; change <- 2
    } else if (level < 71) { change <- 0
    } else if (level < 91) { change <- -2
    } else { hold <- 1; change <- -3 }
    if (change != 0) rate <- floor(max(0, rate + change * weight) / 10 + 0.5) * 10
    bolus <- floor(bolus * weight / 100 + 0.5) * 100
    decided[i, now + 1, ] <- c(level, bolus, hold, rate)
    y[1] <- y[1] + bolus
    if (hold == 1) { y <- segment(patient, y, 0, now, now + 1, i); now <- now + 1 }
    draw <- now + (if (change == 0 && settled) 24 else 6)
    settled <- change == 0
  }
}
used <- proc.time() - start
writeBin(as.vector(t(concentration)), file.path(folder, "concentration.bin"))
writeBin(as.vector(aperm(decided, c(3, 2, 1))), file.path(folder, "decided.bin"))
cat(used[["user.self"]] + used[["sys.self"]], "\n")
