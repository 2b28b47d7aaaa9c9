# .\installer\start.ps1               open the window
# .\installer\start.ps1 demo          show the whole way on an invented hospital, without a window
# .\installer\start.ps1 test          run the tests
# .\installer\start.ps1 ANYTHING      meddistill ANYTHING, e.g. .\installer\start.ps1 scan --help
#
# The first start says what it installs and installs it; later starts need no network. Not yet tried on Windows.
$ErrorActionPreference = "Stop"

$root = Split-Path -Parent $PSScriptRoot
$environment = if ($env:UV_PROJECT_ENVIRONMENT) { $env:UV_PROJECT_ENVIRONMENT } else { Join-Path $root ".venv" }
$own = Join-Path $env:LOCALAPPDATA "MedDistill"
$stamp = Join-Path $environment "meddistill-ready"
# a Python that the system keeps up to date, not one that uv downloads
$env:UV_PYTHON_DOWNLOADS = "never"
Remove-Item Env:PYTHONDONTWRITEBYTECODE -ErrorAction SilentlyContinue

function Stop-With([string] $sentence, [string] $remedy) {
    [Console]::Error.WriteLine("$sentence`n$remedy")
    exit 1
}

function Get-Wanted {
    $files = (Join-Path $root "pyproject.toml"), $PSCommandPath
    ($files | ForEach-Object { (Get-FileHash $_).Hash }) -join " "
}

function Test-Ready {
    (Test-Path (Join-Path $environment "Scripts\meddistill.exe")) -and (Test-Path $stamp) -and
        ((Get-Content $stamp -Raw).Trim() -eq (Get-Wanted))
}

# Python 3.11 to 3.13, by the launcher where there is one
function Find-Python {
    $asked = "import sys, venv; print(sys.executable if (3, 11) <= sys.version_info < (3, 14) else '')"
    foreach ($command in @("py", "-3.13"), @("py", "-3.12"), @("py", "-3.11"), @("python"), @("python3")) {
        if (Get-Command $command[0] -ErrorAction SilentlyContinue) {
            $found = & $command[0] @($command | Select-Object -Skip 1) -c $asked 2>$null
            if ($LASTEXITCODE -eq 0 -and $found) { return $found }
        }
    }
}

function Install-Python {
    if (-not (Get-Command winget -ErrorAction SilentlyContinue)) {
        Stop-With "Python 3.11 to 3.13 is missing." "Install it, then start again."
    }
    Write-Host "Installing Python 3.12 for this user ..."
    winget install --exact --id Python.Python.3.12 --scope user --accept-source-agreements --accept-package-agreements
}

function Find-Uv {
    $command = Get-Command uv -ErrorAction SilentlyContinue
    if ($command) { return $command.Source }
    $path = Join-Path $own "uv\Scripts\uv.exe"
    if (Test-Path $path) { return $path }
}

function Install-Everything {
    $python = Find-Python
    if (-not $python) { Install-Python; $python = Find-Python }
    if (-not $python) { Stop-With "Python was installed but is not found yet." "Open a new terminal and start again." }
    if (-not (Find-Uv)) {
        Write-Host "Installing uv, which installs the rest, into $own\uv"
        & $python -m venv "$own\uv"
        & "$own\uv\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check uv
        if ($LASTEXITCODE -ne 0) {
            Stop-With "uv could not be installed." "Check the network, or set PIP_INDEX_URL to a mirror, then start again."
        }
    }
    Write-Host "Installing Python packages into $environment (PyTorch is large: about 2 GB on disk) ..."
    & (Find-Uv) sync --project $root --python $python --compile-bytecode
    if ($LASTEXITCODE -ne 0) {
        Stop-With "The Python packages could not be installed." "Check the network and that 4 GB are free, then start again."
    }
    Set-Content $stamp (Get-Wanted)
    Write-Host "Ready. Later starts need no network."
}

if (-not (Test-Ready)) { Install-Everything }
$uv = Find-Uv
$run = @("run", "--project", $root, "--no-sync", "--offline", "--no-env-file")
if ($args.Count -eq 1 -and $args[0] -eq "test") {
    Push-Location $root
    & $uv @run pytest
    Pop-Location
}
else {
    & $uv @run meddistill @args
}
exit $LASTEXITCODE
