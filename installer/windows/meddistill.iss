; Inno Setup 6 script: iscc installer\windows\meddistill.iss, after
;   uv run --group package pyinstaller --noconfirm installer\meddistill.spec
; Not yet tried. PyPI's torch for Windows is the CPU build; a CUDA build is over 2 GB compressed and also needs DiskSpanning=yes.
#define Version "0.1.0"

[Setup]
AppId={{6E1C1D0B-6C6B-4B0B-9A55-2D1C8B1A7F0E}
AppName=MedDistill
AppVersion={#Version}
AppPublisher=The MedDistill developers
DefaultDirName={autopf}\MedDistill
DefaultGroupName=MedDistill
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=meddistill-{#Version}-setup
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
Compression=lzma2/normal
SolidCompression=yes

[Tasks]
Name: desktopicon; Description: "An icon on the desktop"; Flags: unchecked

[Files]
Source: "..\..\dist\meddistill\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\MedDistill"; Filename: "{app}\meddistill-window.exe"
Name: "{autodesktop}\MedDistill"; Filename: "{app}\meddistill-window.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\meddistill-window.exe"; Description: "Open MedDistill"; Flags: nowait postinstall skipifsilent
